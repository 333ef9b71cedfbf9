/* Applies a remembered theme before anything is painted. A classic script, so that it runs first. */
(() => {
  try {
    const theme = localStorage.getItem("denyut.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage is forbidden: the system's preference holds.
  }
})();
