"""The database: estimates, releases of the rules, which was active when, drafts, and the audit log.

What comes in: bytes and their keys, who and why. What goes out: the same. One database, SQLite by default or
PostgreSQL, through SQLModel; it knows nothing of the network, of protobuf or of what rules mean.
"""

from typing import TYPE_CHECKING

from camcover.on_demand import on_demand

if TYPE_CHECKING:
    from camcover.store.audit import AuditEntry, AuditFault, AuditLog
    from camcover.store.availability import Availability
    from camcover.store.database import Database, OutdatedDatabase, open_database
    from camcover.store.decisions import Activation, ActivationKind, in_effect, in_force, without_effect
    from camcover.store.drafts import Draft, DraftBook, DraftStep, DraftStepKind, DraftStore
    from camcover.store.errors import DatabaseError, StoreUnavailable
    from camcover.store.estimates import (
        EstimateStore,
        KeptEstimates,
        NoStore,
        RequestKey,
        StoredEstimate,
        estimate_store,
    )
    from camcover.store.keeping import Keeping
    from camcover.store.listing import Erased, EstimateQuery, ListedEstimate
    from camcover.store.releases import Compiled, Ledger, Release, ReleaseStore

__all__ = [
    "Activation",
    "ActivationKind",
    "AuditEntry",
    "AuditFault",
    "AuditLog",
    "Availability",
    "Compiled",
    "Database",
    "DatabaseError",
    "Draft",
    "DraftBook",
    "DraftStep",
    "DraftStepKind",
    "DraftStore",
    "Erased",
    "EstimateQuery",
    "EstimateStore",
    "Keeping",
    "KeptEstimates",
    "Ledger",
    "ListedEstimate",
    "NoStore",
    "OutdatedDatabase",
    "Release",
    "ReleaseStore",
    "RequestKey",
    "StoreUnavailable",
    "StoredEstimate",
    "estimate_store",
    "in_effect",
    "in_force",
    "open_database",
    "without_effect",
]

__getattr__ = on_demand(__name__, __file__)
