// The visitor's two switches, as buttons and keys press them.
import { localMedia } from '../../media/local';

export function toggleMuted(): void {
  const { microphone, isMuted } = localMedia.view.get();
  if (microphone.state === 'on') localMedia.setMuted(!isMuted);
  else void localMedia.open(['microphone']);
}

export function toggleCamera(): void {
  const { camera } = localMedia.view.get();
  if (camera.state === 'on') localMedia.close('camera');
  else void localMedia.open(['camera']);
}
