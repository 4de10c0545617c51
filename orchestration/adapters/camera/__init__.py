"""Pictures of strangers' pages, taken by a Chromium that has no network."""

from orchestration.adapters.camera.camera import Camera, NoCamera, NoPicture, open_camera
from orchestration.adapters.camera.pictures import keep_picture

__all__ = ["Camera", "NoCamera", "NoPicture", "keep_picture", "open_camera"]
