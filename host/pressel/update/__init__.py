"""Updates over the air on the host: releases, who vouches for them, and campaigns."""
