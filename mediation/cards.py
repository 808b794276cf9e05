"""What the home page, "my matters" and the lists show of disputes."""

from governance.home import Tile
from mediation.models.disputes import DisputeStatus as S

#: Chips: status -> tone.
TONES = {
    S.REGISTERED: "info",
    S.ACCEPTED: "info",
    S.MEDIATING: "caution",
    S.SENT: "brand",
    S.AGREED: "good",
    S.CLOSED: "good",
    S.TERMINATED: "danger",
    S.GUIDED: "quiet",
    S.DECLINED: "danger",
}

TILES = (Tile(35, "centres", "矛盾调解", "今天谁坐班", "scale", "caution"),)
