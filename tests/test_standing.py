"""What is concluded from observations: a time-table of visits, and what may be said after them."""

from __future__ import annotations

import pytest

from embedarchive.core.completeness import Holding, Lack
from embedarchive.core.standing import Hold, LivenessCheck, Standing, conclude

DAY = "2026-01-{:02}T10:00:00.000Z"


def see(
    day: int, outcome: str, reason: str | None = None, *, control: bool = True, media: bool = True
) -> LivenessCheck:
    return LivenessCheck(DAY.format(day), outcome, reason, control, media)  # type: ignore[arg-type]


def stand(*seen: LivenessCheck, holds: tuple[Hold, ...] = (), second_day: bool = False, holding: Holding | None = None):  # type: ignore[no-untyped-def]
    return conclude(seen, holds, holding, second_day=second_day)


def test_nothing_seen_nothing_said() -> None:
    assert stand() == Standing()


def test_a_controlled_denial_is_a_loss_between_two_looks() -> None:
    standing = stand(see(1, "available"), see(3, "gone", "deleted"))
    assert (standing.status, standing.reason, standing.doubt) == ("gone", "deleted", None)
    assert (standing.last_available_at, standing.first_gone_at) == (DAY.format(1), DAY.format(3))
    assert standing.due_at is None


def test_without_a_control_nothing_is_gone_and_the_post_stays_due() -> None:
    first = stand(see(1, "gone", "deleted", control=False))
    assert (first.status, first.reason, first.doubt) == ("unavailable", "unconfirmed", "no control")
    assert first.first_gone_at is None
    assert first.due_at == DAY.format(2)
    again = stand(see(1, "gone", control=False), see(2, "gone", control=False), see(4, "gone", control=False))
    assert again.due_at == DAY.format(8)
    assert stand(see(1, "gone", control=False), see(2, "gone")).status == "gone"


def test_a_guessed_denial_wants_a_second_day() -> None:
    assert stand(see(1, "gone"), second_day=True).doubt == "second day"
    same_day = LivenessCheck("2026-01-01T18:00:00.000Z", "gone", "deleted", True)
    assert stand(see(1, "gone"), same_day, second_day=True).doubt == "second day"
    standing = stand(see(1, "gone"), see(2, "gone"), second_day=True)
    assert (standing.status, standing.first_gone_at, standing.confirmed_at) == ("gone", DAY.format(1), DAY.format(2))
    back = stand(see(1, "gone"), see(2, "available"), see(3, "gone"), second_day=True)
    assert (back.status, back.doubt) == ("unavailable", "second day")


def test_a_hold_withholds_and_its_release_concludes() -> None:
    seen = (see(1, "available"), see(3, "gone", "deleted"))
    held = stand(*seen, holds=(Hold(DAY.format(2), None, "many at once"),))
    assert (held.status, held.doubt, held.first_gone_at) == ("unavailable", "held: many at once", None)
    assert held.due_at is not None
    assert stand(*seen, holds=(Hold(DAY.format(1), DAY.format(2), "a wall"),)).status == "gone"
    assert stand(*seen).status == "gone"


@pytest.mark.parametrize("outcome", ["blocked", "error"])
def test_walls_and_faults_say_nothing(outcome: str) -> None:
    assert stand(see(1, outcome, "login")).status == outcome
    alive = stand(see(1, "available"), see(2, outcome))
    assert (alive.status, alive.last_available_at) == ("available", DAY.format(1))
    gone = stand(see(1, "available"), see(2, "gone"), see(3, outcome))
    assert (gone.status, gone.first_gone_at) == ("gone", DAY.format(2))


def test_a_post_that_came_back_is_there_again() -> None:
    standing = stand(see(1, "available"), see(2, "gone"), see(3, "available"))
    assert (standing.status, standing.came_back_at, standing.first_gone_at) == ("available", DAY.format(3), None)
    lost_again = stand(see(1, "available"), see(2, "gone"), see(3, "available"), see(4, "gone"))
    assert (lost_again.status, lost_again.first_gone_at) == ("gone", DAY.format(4))
    days = {"a": "available", "g": "gone", "p": "unavailable", "u": "unavailable"}
    reasons = {"p": "private", "u": "unconfirmed"}
    for said, losses in {
        "aga": [(2, 3)], "agaga": [(2, 3), (4, 5)], "agagag": [(2, 3), (4, 5), (6, None)], "ggpga": [(1, 3), (4, 5)],
        "aguga": [(2, 5)], "agpa": [(2, 3)], "aaa": [],
    }.items():  # fmt: skip
        found = stand(*(see(day, days[each], reasons.get(each)) for day, each in enumerate(said, 1))).losses
        expected = [(DAY.format(first), end and DAY.format(end)) for first, end in losses]
        assert [(loss.first_gone_at, loss.ended_at) for loss in found] == expected, said


def test_answers_before_a_certain_one_of_another_kind_are_no_second_day() -> None:
    seen = see(1, "gone"), see(2, "unavailable", "private"), see(3, "gone")
    assert stand(*seen, second_day=True).doubt == "second day"


def test_an_uncertain_answer_takes_back_no_certain_loss() -> None:
    assert stand(see(1, "gone"), see(2, "unavailable", "unconfirmed")).status == "gone"
    assert stand(see(1, "gone"), see(2, "unavailable", "private")).status == "unavailable"
    unsure = stand(see(1, "available"), see(2, "unavailable", "unconfirmed"))
    assert (unsure.status, unsure.reason, unsure.due_at) == ("unavailable", "unconfirmed", DAY.format(3))


PARTLY = Holding(1, 3, 2, (Lack(3, "timeout"),), {})
FOR_EVER = Holding(1, 1, 0, (Lack(1, "only_streamed"),), {})


def test_a_post_with_a_passing_gap_stays_due_for_five_more_tries() -> None:
    visits = [LivenessCheck(DAY.format(1), "available")]
    waits = []
    while (due := stand(*visits, holding=PARTLY).due_at) is not None:
        waits.append(due)
        visits.append(LivenessCheck(due, "available"))
    assert waits[0] == DAY.format(1), "at once, by the next command"
    assert len(waits) == 5
    assert waits == sorted(waits)
    assert waits[-1] < DAY.format(8)


def test_what_can_never_be_had_keeps_nothing_due() -> None:
    assert stand(see(1, "available"), holding=FOR_EVER).due_at is None
    assert stand(see(1, "available"), see(2, "gone"), holding=PARTLY).due_at is None
    looked_only = stand(see(1, "available", media=False), holding=PARTLY)
    assert looked_only.due_at is None
