// A drawn signature: strokes of (x, y, milliseconds) into a hidden field.
import SignaturePad from "signature_pad";

export function setUpSignatures(root) {
  for (const canvas of root.querySelectorAll("canvas[data-strokes]")) {
    const field = document.getElementById(canvas.dataset.strokes);
    const fit = () => {
      const ratio = Math.max(window.devicePixelRatio || 1, 1);
      canvas.width = canvas.offsetWidth * ratio;
      canvas.height = canvas.offsetHeight * ratio;
      canvas.getContext("2d").scale(ratio, ratio);
    };
    fit();
    const ink = getComputedStyle(document.body).color;
    const pad = new SignaturePad(canvas, { penColor: ink, minWidth: 1.2, maxWidth: 2.8 });
    if (field.value) { // drawn before, and something else was missing
      const before = JSON.parse(field.value);
      pad.fromData(before.map((stroke) => ({ penColor: ink, minWidth: 1.2, maxWidth: 2.8, velocityFilterWeight: 0.7, dotSize: 0, compositeOperation: "source-over", points: stroke.map(([x, y, time]) => ({ x, y, time, pressure: 0.5 })) })));
    }
    let start = 0;
    pad.addEventListener("beginStroke", () => { start ||= Date.now(); });
    pad.addEventListener("endStroke", () => {
      const strokes = pad.toData().map((group) => group.points.map((p) => [Math.round(p.x), Math.round(p.y), Math.max(0, Math.round(p.time - start))]));
      field.value = JSON.stringify(strokes.map((s) => (s.length > 1 ? s : [s[0], s[0]])));
      field.dispatchEvent(new Event("input", { bubbles: true }));
    });
    const clear = root.querySelector(`[data-clear="${canvas.id}"]`);
    clear?.addEventListener("click", () => { pad.clear(); field.value = ""; });
  }
}
