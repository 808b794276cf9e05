from django.apps import AppConfig

#: What a phone's map of points loads; the library when its fold is opened (static/portal/points_map.js).
MAPS = (
    "portal/maps.css", "portal/maps.js", "portal/points_map.js", "vendor/leaflet/leaflet.js", "vendor/leaflet/leaflet.css",
)  # fmt: skip


class GridsConfig(AppConfig):
    name = "grids"
    verbose_name = "网格治理"
    desk_rank = 1

    def ready(self) -> None:
        from governance import appointments, home, intake, offline
        from grids import (
            cards,
            flow,  # noqa: F401  binds the transition table to its model
            sweep_cards,
        )
        from grids.services import imports  # noqa: F401  registers what loads tables
        from grids.services.care import clock  # what time does with care plans
        from grids.services.team import follow_post

        appointments.following(follow_post)
        home.show(-30, sweep_cards.running)
        home.show(3, cards.worker)
        home.offer(*cards.TILES, *sweep_cards.TILES)
        offline.keep(
            works=cards.visits_homes,
            pages=(r"^/visits/$", r"^/visits/(doors|premises)/[0-9]+/$"),
            shell=(("visits", ""),),
            files=("portal/visits.css", "portal/visits.js", *MAPS),
        )
        offline.keep(
            works=cards.looks_in,
            pages=(r"^/my/care/([0-9]+/)?$",),
            shell=(("my_care", ""),),
            files=("portal/needs.js",),
        )
        intake.adopting(clock.adopt)
        offline.keep(
            works=cards.walks,
            pages=(r"^/my/patrol/((finding|end)/)?$",),
            shell=(("my_patrol", ""), ("patrol_finding", ""), ("patrol_end", "")),
            files=("portal/work.css", "portal/patrol.js", "portal/needs.js", *MAPS),
        )
        offline.keep(
            works=sweep_cards.answers_sweeps,
            pages=(r"^/my/sweeps/([A-Z]{2}-[0-9-]+/[0-9]{15}/)?$",),
            shell=(("my_sweeps", ""),),
            files=("portal/sweeps.css", "portal/sweeps.js"),
        )
