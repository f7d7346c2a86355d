"""Ways around the protection of cookies: names of hosts, bounces, decorated links."""
