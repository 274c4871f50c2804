"""Metrics of a service for Prometheus, and whoever reads its format."""
