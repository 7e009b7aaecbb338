"""Platforms that are a player in a frame: films, sounds and pictures, with the JSON that tells of them beside it."""

from __future__ import annotations

from embedarchive.replica.sites import Site
from embedarchive.replica.sites.players.films import FILMS
from embedarchive.replica.sites.players.sounds import SOUNDS, answer_track
from embedarchive.replica.sites.players.stage import site_of

SITES = (*(site_of(stage) for stage in (*FILMS, *SOUNDS)), Site(("t4.bcbits.com",), answer_track))
