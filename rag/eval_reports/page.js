"use strict";
(() => {
  const form = document.querySelector("form.filter");
  if (!form) return;
  const cases = [...document.querySelectorAll("details.case")];
  const told = form.querySelector("output");
  const words = new Map(cases.map((one) => [one, one.querySelector("summary").textContent.toLowerCase()]));
  const apply = () => {
    const { standing, slice, words: typed } = form.elements;
    const wanted = typed.value.trim().toLowerCase();
    let shown = 0;
    for (const one of cases) {
      const standings = one.dataset.standing;
      const fits =
        (!standing.value || (standing.value === "not right" ? standings !== "right" : standings === standing.value)) &&
        (!slice.value || one.dataset.slices.split("\n").includes(slice.value)) &&
        (!wanted || words.get(one).includes(wanted));
      one.hidden = !fits;
      shown += fits;
    }
    told.value = `${shown} of ${cases.length} questions`;
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  apply();
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.matches("details")) { target.hidden = false; target.open = true; target.scrollIntoView(); }
  };
  addEventListener("hashchange", open);
  open();
})();
