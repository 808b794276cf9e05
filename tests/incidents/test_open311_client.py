"""The Open311 interface as a client that others wrote sees it, over HTTP, in both forms."""

import pytest
from georeport import GeoReport

from incidents.flow import INCIDENTS
from tests import factories


@pytest.mark.django_db(transaction=True)
def test_a_client_of_others_reads_everything_unchanged(live_server, secretary):
    minors = [factories.make_minor(is_public=True) for _ in range(2)]
    numbers = [
        INCIDENTS.run(
            factories.make_incident(minor_class=minor, longitude=117.15, latitude=39.15),
            "accept",
            by=secretary,
        ).number
        for minor in minors
    ]
    for form in ("json", "xml"):
        for jurisdiction in (None, factories.DISTRICT):
            city = GeoReport(f"{live_server.url}/open311/v2/", jurisdiction, output_format=form)
            assert [each["service_code"] for each in city.get_service_list()] == [m.code for m in minors]
            definition = city.get_service_definition(minors[0].code)
            assert definition["service_code"] == minors[0].code
            rows = city.get_service_requests(status="open", service_code=",".join(m.code for m in minors))
            assert [row["service_request_id"] for row in rows] == numbers[::-1]
            row = city.get_service_request(numbers[0])
            assert row["service_request_id"] == numbers[0] and float(row["lat"]) == 39.15
            both = city.get_service_requests(service_request_id=",".join(numbers))
            assert len(both) == 2 and both[0]["requested_datetime"].endswith("+08:00")
    stranger = GeoReport(f"{live_server.url}/open311/v2", "elsewhere")
    with pytest.raises(Exception, match="404"):
        stranger.get_service_list()
