"""What a badge runs after power-up: build the handset from the files on flash, step it for ever."""

from app import guard

guard.run()
