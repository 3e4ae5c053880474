"""The collector rests while batches are held, and goes on as before."""

import gc

import pytest

from imports.collector import PILED_UP, collector_resting


def test_it_rests_until_the_last_block_has_ended() -> None:
    usual = gc.get_threshold()
    one, other = collector_resting(), collector_resting()
    one.__enter__()
    other.__enter__()
    assert gc.get_threshold() == (PILED_UP, *usual[1:])
    one.__exit__(None, None, None)
    assert gc.get_threshold()[0] == PILED_UP
    other.__exit__(None, None, None)
    assert gc.get_threshold() == usual


def test_it_goes_on_after_an_error() -> None:
    usual = gc.get_threshold()
    with pytest.raises(ValueError, match="in between"), collector_resting():
        raise ValueError("in between")
    assert gc.get_threshold() == usual
