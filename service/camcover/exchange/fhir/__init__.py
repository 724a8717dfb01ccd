"""FHIR R4: an estimate as an advance explanation of benefits (AEOB) of the Da Vinci PCT guide, version 2.0.1.

What comes in: rules, a request of one person, who is named, an id and a time. What goes out: resources as dictionaries
in FHIR's order of elements, and their JSON, in which amounts are decimals with two digits. docs/fhir.md says what each
element holds, and what is not claimed.
"""
