"""Whole slides: pyramids of tiles, copied where DICOM can hold them as they are."""
