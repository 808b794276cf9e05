"""Open311 GeoReport v2, the international interface for reporting and following what is wrong in public places, so that
programs which others wrote work with the portal unchanged. What it shows is what everyone may read, whoever asks."""
