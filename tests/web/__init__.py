"""Tests of the pages for patients."""
