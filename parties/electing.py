"""What the regulation on elections says, as sums: how many candidates, whether a meeting counts, who is elected. Reads no row and asks
nobody.

选举条例: 中国共产党基层组织选举工作条例 (2020).
"""

from collections.abc import Mapping

from governance.flow import Refused

CANDIDATES = "选举条例：委员候选人的差额不少于应选人数的 20%"
QUORUM = "选举条例：有选举权的到会人数不少于应到会人数的五分之四，会议有效"
MAJORITY = "选举条例：赞成票超过应到会有选举权人数的一半，始得当选"
PAPERS = "选举条例：收回的选票等于或少于发出的选票，选举有效"
TOO_FEW = "选举条例：当选人少于应选名额的，对不足的名额另行选举；经半数以上选举人同意，也可以减少名额"
TIED = "选举条例：票数相等不能确定当选人的，就票数相等的人再次投票"
SECRETARY = "选举条例：书记、副书记由委员会全体会议从委员中选举；不设委员会的由党员大会选举"
CONGRESS = "选举条例：党员 500 人以上，或者分散在各地的，可以召开党员代表大会"
SHIFT = "任期意见：延期或提前换届要报上级批准，一般不超过 1 年"
OWN_VOTE = "选举条例：正式党员有表决权、选举权、被选举权；预备党员没有"
ADVANCE = "通行做法：支部在届满前约一个月报换届请示"

CONGRESS_FROM = 500
SHIFT_MOST = 366
#: The numbers of a ballot that must not rise, each with its words.
FALLING = (
    ("attended", "实到会人数", "entitled", "应到会人数"),
    ("given", "发出选票", "attended", "实到会人数"),
    ("returned", "收回选票", "given", "发出选票"),
    ("valid", "有效选票", "returned", "收回选票"),
)


def least_candidates(seats: int) -> int:
    """Return how many candidates are 20 % more than the seats, rounded up."""
    return (seats * 6 + 4) // 5


def is_quorate(attended: int, entitled: int) -> bool:
    """Say whether four fifths of those entitled were there."""
    return entitled > 0 and attended * 5 >= entitled * 4


def has_majority(votes: int, entitled: int) -> bool:
    """Say whether somebody got votes of more than half of those entitled to attend."""
    return votes * 2 > entitled


def elect(seats: int, entitled: int, votes: Mapping[int, int]) -> set[int]:
    """Return the keys of those elected: more than half of those entitled, at most as many as there are seats, by votes.

    Where equal votes leave open who gets the last seats, none of the equal ones is: there is another ballot.
    """
    able = {key: number for key, number in votes.items() if has_majority(number, entitled)}
    if len(able) <= seats:
        return set(able)
    if seats <= 0:
        return set()
    # The first who does not get in: those with as many votes as she are tied with her.
    border = sorted(able.values(), reverse=True)[seats]
    return {key for key, number in able.items() if number > border}


def check_papers(numbers: Mapping[str, int]) -> None:
    """Raise Refused, at the field it concerns, for numbers of a ballot that cannot be, or a meeting that does not count.

    ``numbers``: entitled, attended, given, returned, valid.
    """
    for lower, its_name, upper, other_name in FALLING:
        if numbers[lower] > numbers[upper]:
            raise Refused(f"{its_name}（{numbers[lower]}）不能多于{other_name}（{numbers[upper]}）。", lower)
    entitled, attended = numbers["entitled"], numbers["attended"]
    if not is_quorate(attended, entitled):
        least = -(-entitled * 4 // 5)
        raise Refused(
            f"应到会 {entitled} 人，实到会 {attended} 人，不足五分之四（{least} 人），会议无效，请另行召开。（{QUORUM}）",
            "attended",
        )


def check_votes(seats: int, valid: int, votes: Mapping[int, int], fields: Mapping[int, str]) -> None:
    """Raise Refused, at the field of the candidate, for votes that so many valid papers cannot give.

    ``fields``: candidate -> field. Each paper names at most as many as there are seats.
    """
    for key, number in votes.items():
        if number > valid:
            raise Refused(f"得票（{number}）不能多于有效选票（{valid}）。", fields[key])
    total = sum(votes.values())
    if votes and total > valid * seats:
        raise Refused(
            f"得票合计 {total}，多于有效选票 {valid} 张、每张至多选 {seats} 人的 {valid * seats} 票，请核对。",
            fields[next(reversed(votes))],
        )
