"""Tests of bulk input and output."""
