// Sets the kept theme before the first paint. A file of its own, since the content policy allows no
// inline script; it knows nothing of the application but the name of the stored setting.
(() => {
  let kept = null;
  try {
    kept = localStorage.getItem('liveloop.theme');
  } catch {
    // Storage is refused: the system's preference decides.
  }
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const theme = kept === 'dark' || kept === 'light' ? kept : isDark ? 'dark' : 'light';
  document.documentElement.dataset.theme = theme;
})();
