"""Files that stay with a project as they came: documents, tables, whatever is no image."""
