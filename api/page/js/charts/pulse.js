/* The pulse: what arrived in each second of the last minute, as beats on a line. */

const FRAME_MS = 66;
const CALM_MS = 1000;

export class Pulse {
  #canvas;
  #arrivals;
  #calm = matchMedia("(prefers-reduced-motion: reduce)");
  #drawn = 0;

  /** `arrivals()` gives the current model.Arrivals. */
  constructor(canvas, arrivals) {
    this.#canvas = canvas;
    this.#arrivals = arrivals;
    const step = (now) => {
      requestAnimationFrame(step);
      if (now - this.#drawn < (this.#calm.matches ? CALM_MS : FRAME_MS)) return;
      this.#drawn = now;
      this.#draw();
    };
    requestAnimationFrame(step);
  }

  #draw() {
    const canvas = this.#canvas;
    const scale = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = canvas.clientHeight;
    if (!width) return;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const counts = this.#arrivals().series();
    const pen = canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.lineWidth = 1.5;
    pen.lineJoin = "round";
    const beat = width / (counts.length - 1);
    const fraction = this.#calm.matches ? 0 : (Date.now() % 1000) / 1000;
    pen.beginPath();
    pen.moveTo(0, height * 0.62);
    counts.forEach((count, index) => trace(pen, (index - fraction) * beat, beat, height, strength(count)));
    pen.stroke();
    const gradient = pen.createLinearGradient(0, 0, width * 0.35, 0);
    gradient.addColorStop(0, "rgba(0,0,0,1)");
    gradient.addColorStop(1, "rgba(0,0,0,0)");
    pen.globalCompositeOperation = "destination-out";
    pen.fillStyle = gradient;
    pen.fillRect(0, 0, width * 0.35, height);
    pen.globalCompositeOperation = "source-over";
  }
}

/** Between 0 and 1: one mention is seen, a hundred a second fill the height. */
const strength = (count) => (count ? Math.min(1, 0.5 + Math.log10(count) * 0.25) : 0);

/** One beat as on a monitor: a small rise, a spike up, a dip, rest. */
function trace(pen, x, width, height, force) {
  const rest = height * 0.62;
  if (!force) {
    pen.lineTo(x + width, rest);
    return;
  }
  pen.lineTo(x + width * 0.2, rest - force * height * 0.06);
  pen.lineTo(x + width * 0.3, rest);
  pen.lineTo(x + width * 0.45, rest - force * height * 0.56);
  pen.lineTo(x + width * 0.6, rest + force * height * 0.28);
  pen.lineTo(x + width * 0.7, rest);
  pen.lineTo(x + width, rest);
}
