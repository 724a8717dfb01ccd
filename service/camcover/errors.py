"""The root of every exception of this package. Each survives the way from one process to another.

Drawn as a tree; `tests/test_errors.py` holds it to the classes:

    CamcoverError
        AuditFault                  the audit log does not agree with itself
        CellFault                   a cell of a table that holds something else than what is read there
        DatabaseError
            OutdatedDatabase        the tables are of another version
            StoreUnavailable        away, locked, full or busy
            UnusablePrices          a file that holds no prices
        ExtraMissing                a library of an extra is not installed (an ImportError, too)
        FolderRefused               a folder that an import may not write
        InvalidRequest              a request that cannot be priced, with all its violations
        IssuerUnreachable           an identity provider gives no keys
        KernelFault                 the kernel could not adjudicate: a mistake of ours
        Malformed                   bytes that are no message
        PaperTooLong                a letter of more visits than it holds
        Refused                     a call that is answered with a status
        SamePlace                   an output that would overwrite its input
        TooMany                     more ways of the open facts than are listed
        TooManyCells                a service with more combinations than are analysed
        UnknownFact                 a word that rules do not tell apart
        UnreadableFile              a file of another format that gives nothing at all
        UnreadableTables            a file that holds no compiled rules
            OtherVersion            compiled rules of another version
        Unsound                     a request that `violations` will refuse
        UseCaseError                what a use case refuses, with its kind
            ActivationPast
            ActiveReleaseChanged
            BookRefused
            DraftBaseMoved
            DraftChanged
            DraftFull
            EstimateErased
            EstimateNotKept
                EstimateDiffers
            FourEyesNeeded
            NamedError              something asked for by id does not exist
                UnknownActivation
                UnknownDraft
                UnknownEstimate
                UnknownPlan
                UnknownRelease
            NoActiveRelease
            NotServed
            NothingToReturnTo
            OwnDraft
            PayerNotAllowed
            ReleaseUnusable
            RequestIdReused
            RulesRefused
            SecondPersonNeeded
            WrongDraftState
        WrongBook                   profiles of a synthetic book that say nothing (a ValueError, too)
        WrongCertificates           a certificate, key or CA that cannot be used
        WrongColumns                a table without the columns of a book
        WrongForm                   the body of a page's form is none, or is too large (a ValueError, too)
            SlowForm                it does not come in time
        WrongInquiry                a part of an inquiry that X12 270 cannot hold
        WrongRecords                compiled rules whose records are not of their declared types
        WrongSettings               a file of settings that cannot be used
        WrongThreshold              a bound of an impact that is no bound (a ValueError, too)
        WrongTokens                 a file of tokens that cannot be used
"""

from __future__ import annotations

import copyreg
from typing import Any

__all__ = ["CamcoverError"]


class CamcoverError(Exception):
    """The root. A copy has the same message and the same attributes, whatever the class's `__init__` takes.

    Python copies an exception by calling its class with `args`, which fails, or says its message twice, wherever the
    class makes its message itself.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        """How to make a copy: without `__init__`, by its message and its attributes."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]
