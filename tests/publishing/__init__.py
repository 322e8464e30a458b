"""Tests of the room that writes to the Hub."""
