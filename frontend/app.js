// Small behaviours on server-rendered pages. Every page works without them, slower.
import "htmx.org";
import { setUpSignatures } from "./signature.js";
import { setUpForms } from "./forms.js";
import { setUpNetwork } from "./network.js";
import { setUpDrafts } from "./drafts.js";
import { setUpOnce } from "./once.js";
import { setUpWaiting } from "./waiting.js";
import { setUpKeys } from "./keys.js";
import { setUpDesktopNews, setUpLive } from "./live.js";
import { setUpSmall } from "./small.js";
import { setUpBatch } from "./batch.js";
import { setUpDesk } from "./desk.js";
import { setUpWebauthn } from "./webauthn.js";
import { setUpNarrowing } from "./narrowing.js";
import { setUpPalette, setUpUndo } from "./palette.js";

document.addEventListener("DOMContentLoaded", () => {
  for (const setUp of [setUpSmall, setUpKeys, setUpSignatures, setUpForms, setUpNetwork, setUpDrafts, setUpWaiting, setUpLive, setUpBatch, setUpDesk, setUpNarrowing, setUpWebauthn, setUpDesktopNews, setUpPalette, setUpUndo, setUpOnce]) setUp(document);
});
document.addEventListener("yz:part", (event) => setUpSmall(event.detail));
document.addEventListener("htmx:after:swap", (event) => setUpSmall(event.target instanceof Element ? event.target : document));
