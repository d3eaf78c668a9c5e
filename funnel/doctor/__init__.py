"""Whether the machine around the funnel is right: settings, disk, store, CRM, and the way shoppers come."""
