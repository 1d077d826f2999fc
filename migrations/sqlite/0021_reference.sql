-- A delivery is found by its escalation, which its reference names already.
DROP INDEX delivery_reference;
