"""raw → tables: other people's data imported, records checked, typed and rolled up."""
