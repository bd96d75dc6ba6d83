"""Patients who were merged: the registry at once, the stored images by a job."""
