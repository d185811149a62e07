"""The engine of a badge, firmware or soft: it joins, asks for the floor, talks, hears and shows."""
