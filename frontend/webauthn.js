// Passkeys and security keys: the browser's own dialogue between the page's options and a hidden field.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function creation(given) {
  const keys = (given.excludeCredentials ?? []).map((key) => ({ ...key, id: bytes(key.id) }));
  const alone = document.querySelector("form[data-webauthn=create] [name=passwordless]")?.checked;
  const authenticatorSelection = { ...given.authenticatorSelection, residentKey: alone ? "required" : "discouraged", requireResidentKey: Boolean(alone), userVerification: alone ? "required" : "discouraged" };
  return { ...given, authenticatorSelection, challenge: bytes(given.challenge), user: { ...given.user, id: bytes(given.user.id) }, excludeCredentials: keys };
}

function request(given) {
  return { ...given, challenge: bytes(given.challenge), allowCredentials: (given.allowCredentials ?? []).map((key) => ({ ...key, id: bytes(key.id) })) };
}

function answer(credential) {
  const response = { clientDataJSON: text(credential.response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = text(credential.response[name]);
  }
  if (credential.response.getTransports) response.transports = credential.response.getTransports();
  return { id: credential.id, rawId: text(credential.rawId), type: credential.type, response, clientExtensionResults: credential.getClientExtensionResults(), authenticatorAttachment: credential.authenticatorAttachment };
}

export function setUpWebauthn(root) {
  for (const form of root.querySelectorAll("form[data-webauthn]")) {
    if (!window.PublicKeyCredential) { form.hidden = true; continue; }
    form.addEventListener("submit", async (event) => {
      const field = form.querySelector("[name=credential]");
      if (field.value && field.value !== "null") return;
      event.preventDefault();
      const fault = form.querySelector("[data-webauthn-fault]");
      fault.hidden = true;
      try {
        let data;
        if (form.dataset.options) data = (await (await fetch(form.dataset.options, { headers: { Accept: "application/json" } })).json()).request_options;
        else { data = JSON.parse(document.getElementById("webauthn-data").textContent); data = data.creation_options ?? data.request_options ?? data; }
        const options = data.publicKey ?? data;
        const credential = form.dataset.webauthn === "create"
          ? await navigator.credentials.create({ publicKey: creation(options) })
          : await navigator.credentials.get({ publicKey: request(options) });
        field.value = JSON.stringify(answer(credential));
        form.submit();
      } catch (error) {
        console.warn(error);
        fault.hidden = false;
      }
    });
  }
}
