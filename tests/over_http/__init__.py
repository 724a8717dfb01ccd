"""Tests of HTTP beside gRPC."""
