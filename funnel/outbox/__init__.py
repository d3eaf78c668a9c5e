"""The calls that are owed to the CRM: kept, delivered in order, seen and mended by the operator."""
