// Streamlit's side of the molecule editor: loads what Python sends, reports every edit.
"use strict";

const OPTIONS = [
  "oldlook", "xbutton", "norbutton", "hydrogens", "multipart", "stereo", "paste",
  "noquery", "noreaction",
  // These would ask servers on the internet.
  "nosearchinchikey", "noexportinchi", "noexportinchikey", "noexportinchiauxinfo",
].join(",");
const KEY_ATTACHMENT = 42; // JSME's own key for a `*` atom.
const BAR = 40;
const HINT = "Draw a bond where the chain goes on, then click its end with this.";
// Groups that a click attaches, as JSME's own text has them (JME); the atom with 1 is bonded.
// Linkers end in a carbon, which the chain goes on from, or which becomes an attachment point.
const GROUPS = {
  Rings: {
    "Benzene":
      "6 6 C:1 1.5 0 C 0.7 -1.3 C -0.8 -1.3 C -1.5 0 C -0.7 1.3 C 0.8 1.3 1 2 2 2 3 1 3 4 2 4 5 1 5 6 2 6 1 1",
    "Cyclohexane":
      "6 6 C:1 1.5 0 C 0.7 -1.3 C -0.8 -1.3 C -1.5 0 C -0.7 1.3 C 0.8 1.3 1 2 1 2 3 1 3 4 1 4 5 1 5 6 1 6 1 1",
    "Thiophene":
      "5 5 C:1 1.3 0 C 0.4 1.2 C -1 0.8 C -1 -0.7 S 0.4 -1.2 1 2 2 2 3 1 3 4 2 4 5 1 5 1 1",
    "Imide (phthalimide)":
      "11 12 O -1.8 -2.6 C -1.3 -1.2 C 0.1 -0.7 C 1.4 -1.5 C 2.7 -0.7 C 2.7 0.8 C 1.4 1.5 C 0.1 0.8 C -1.3 1.2 O -1.8 2.6 N:1 -2.2 0 1 2 2 2 3 1 3 4 2 4 5 1 5 6 2 6 7 1 7 8 2 8 9 1 9 10 2 9 11 1 11 2 1 8 3 1",
  },
  Linkers: {
    "Ether":
      "2 1 O:1 0.8 0 C -0.8 0 1 2 1",
    "Ester":
      "4 3 C:1 0.6 -0.5 O 2 0.1 O -0.6 0.5 C -2 -0.1 1 2 2 1 3 1 3 4 1",
    "Amide":
      "4 3 C:1 0.6 -0.5 O 2 0.1 N -0.6 0.5 C -2 -0.1 1 2 2 1 3 1 3 4 1",
    "Sulfone":
      "4 3 S:1 0 0 O 1.3 -0.8 O 0 1.5 C -1.3 -0.7 1 2 2 1 3 2 1 4 1",
  },
};

let applet = null;
let args = null;
let load = null; // number of the load that is on the canvas
let reported = ""; // the drawing that Python knows
let edited = false;
let timer = null;

const $ = (id) => document.getElementById(id);

function send(type, data) {
  window.parent.postMessage({ isStreamlitMessage: true, type, ...data }, "*");
}

// A molfile's second line holds the time: two readings of one drawing differ in it.
const timeless = (molfile) => molfile.replace(/\n.*\n/, "\n\n");

function report() {
  const molfile = timeless(applet.molFile());
  if (molfile === reported) return;
  reported = molfile;
  send("streamlit:setComponentValue", { value: { load, molfile, edited }, dataType: "json" });
}

function onEdit() {
  clearTimeout(timer);
  // A report that waits belongs to the load it was drawn on.
  const drawnOn = load;
  timer = setTimeout(() => {
    if (load !== drawnOn || timeless(applet.molFile()) === reported) return;
    edited = true;
    report();
  }, 120);
}

function show() {
  if (!applet || !args || args.load === load) return;
  clearTimeout(timer);
  const kept = load === null ? args.drawn : null;
  load = args.load;
  edited = Boolean(kept);
  const molfile = kept || args.molfile;
  if (molfile) applet.readMolFile(molfile);
  else applet.reset();
  reported = "";
  report();
}

function fit() {
  if (!applet || !args) return;
  const width = $("paper").clientWidth;
  if (width > 0) applet.setSize(`${width}px`, `${args.height - BAR - 2}px`);
}

function dress(theme) {
  const style = document.documentElement.style;
  for (const [name, value] of Object.entries(theme)) {
    if (typeof value === "string") style.setProperty(`--${name}`, value);
  }
  document.documentElement.classList.toggle("dark", theme.base === "dark");
}

function pickAttachment() {
  // JSME turns the atom that it saw last under the pointer instead of picking the tool, also when
  // the pointer has gone to our button meanwhile: show it the empty corner of its frame first.
  const { left, bottom } = $("canvas").getBoundingClientRect();
  const [clientX, clientY] = [left + 6, bottom - 6];
  document.elementFromPoint(clientX, clientY)
    .dispatchEvent(new MouseEvent("mousemove", { clientX, clientY, bubbles: true }));
  const press = new KeyboardEvent("keydown", {
    keyCode: KEY_ATTACHMENT, which: KEY_ATTACHMENT, bubbles: true,
  });
  document.querySelector("#canvas textarea").dispatchEvent(press);
  $("hint").textContent = HINT;
  closeBox(20);
}

function offerGroups() {
  for (const [kind, groups] of Object.entries(GROUPS)) {
    const shown = document.createElement("optgroup");
    shown.label = kind;
    shown.append(...Object.keys(groups).map((name) => new Option(name)));
    $("group").append(shown);
  }
}

function pickGroup() {
  const name = $("group").value;
  $("group").selectedIndex = 0; // JSME's other tools do not tell when they are picked
  for (const groups of Object.values(GROUPS)) {
    if (groups[name]) applet.setTemplate(groups[name], name);
  }
  $("hint").textContent = `${name}: click the atom that gets it.`;
}

// JSME also opens its box for other atoms, already filled in: nothing is left to do there.
function closeBox(frames) {
  const button = document.querySelector(".mosaic-WindowPanel button");
  button?.closest(".mosaic-WindowPanel").style.setProperty("visibility", "hidden");
  if (button) button.click();
  else if (frames > 0) requestAnimationFrame(() => closeBox(frames - 1));
}

window.addEventListener("message", (event) => {
  if (event.source !== window.parent || event.data.type !== "streamlit:render") return;
  const height = args?.height;
  args = event.data.args;
  if (event.data.theme) dress(event.data.theme);
  if (height !== args.height) {
    $("frame").style.height = `${args.height}px`;
    send("streamlit:setFrameHeight", { height: args.height });
    fit();
  }
  show();
});

// JSME calls this by its name once its code is there.
window.jsmeOnLoad = function () {
  const paper = $("paper");
  const start = () => {
    if (applet || paper.clientWidth === 0) return; // a closed tab or expander has no width yet
    applet = new JSApplet.JSME("canvas", `${paper.clientWidth}px`, `${paper.clientHeight}px`, {
      options: OPTIONS, guicolor: "#f5f8f9",
    });
    applet.setCallBack("AfterStructureModified", onEdit);
    $("loading").remove();
    $("attach").disabled = $("group").disabled = false;
    show();
  };
  new ResizeObserver(() => (applet ? fit() : start())).observe(paper);
  start();
};

// Streamlit gives the frame the name of a Python module.
window.frameElement?.setAttribute("title", document.title);
$("attach").addEventListener("click", pickAttachment);
$("group").addEventListener("change", pickGroup);
offerGroups();
send("streamlit:componentReady", { apiVersion: 1 });
