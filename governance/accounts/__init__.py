"""How people get in and out: phone and SMS code for residents, password and one-time code for staff, sessions that end,
superuser mode's switch, and the page where someone keeps or closes the own account."""
