"""Live topics become Server-Sent Events; ClickHouse becomes REST answers."""
