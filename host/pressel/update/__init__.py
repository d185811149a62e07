"""Updates over the air on the host: releases, trusted keys, and campaigns."""
