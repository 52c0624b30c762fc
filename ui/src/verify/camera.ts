/** Codes seen by the camera: the browser's own reader where there is one, else jsQR, loaded when needed. */
interface Detector { detect(source: HTMLVideoElement): Promise<{ rawValue: string }[]> }
type DetectorKind = { new (options: { formats: string[] }): Detector; getSupportedFormats(): Promise<string[]> };
type Read = (video: HTMLVideoElement) => Promise<string | undefined>;

const LOOK_EVERY_MS = 120;
const SIDE = 800;

export class Camera {
  #stream: MediaStream | undefined;
  #read: Read | undefined;
  #timer: number | undefined;
  paused = false;

  constructor(readonly video: HTMLVideoElement, private readonly found: (text: string) => void) {}

  get running(): boolean {
    return this.#stream !== undefined;
  }

  /** Asks for the camera and starts to look. Throws when there is none or the person says no. */
  async start(): Promise<void> {
    this.#stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: { ideal: 'environment' }, width: { ideal: 1280 }, height: { ideal: 960 } }, audio: false });
    this.video.srcObject = this.#stream;
    this.video.playsInline = true;
    this.video.muted = true;
    await this.video.play();
    this.#read ??= (await ownReader()) ?? (await loadedReader());
    void this.#look();
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stream?.getTracks().forEach((track) => track.stop());
    this.#stream = undefined;
    this.video.srcObject = null;
  }

  async #look(): Promise<void> {
    if (!this.#stream) return;
    if (!this.paused && !document.hidden && this.video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) {
      const text = await this.#read?.(this.video).catch(() => undefined);
      if (text && !this.paused) this.found(text);
    }
    this.#timer = window.setTimeout(() => void this.#look(), LOOK_EVERY_MS);
  }
}

async function ownReader(): Promise<Read | undefined> {
  const kind = (globalThis as { BarcodeDetector?: DetectorKind }).BarcodeDetector;
  if (!kind || !(await kind.getSupportedFormats().catch((): string[] => [])).includes('qr_code')) return undefined;
  const detector = new kind({ formats: ['qr_code'] });
  return async (video) => (await detector.detect(video))[0]?.rawValue;
}

async function loadedReader(): Promise<Read> {
  const { default: jsQR } = await import('jsqr');
  const canvas = document.createElement('canvas');
  const brush = canvas.getContext('2d', { willReadFrequently: true });
  return async (video) => {
    const side = Math.min(video.videoWidth, video.videoHeight);
    if (!brush || !side) return undefined;
    canvas.width = canvas.height = Math.min(SIDE, side);
    brush.drawImage(video, (video.videoWidth - side) / 2, (video.videoHeight - side) / 2, side, side, 0, 0, canvas.width, canvas.height);
    const { data, width, height } = brush.getImageData(0, 0, canvas.width, canvas.height);
    return jsQR(data, width, height, { inversionAttempts: 'dontInvert' })?.data;
  };
}
