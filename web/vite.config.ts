// Builds the page and serves it during development. The dev server passes /ws and /api on to a node
// on port 8000; nothing about the product's behaviour is decided here.
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

const node = 'http://localhost:8000';

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: {
      '/api': node,
      '/ws': { target: node, ws: true },
    },
  },
  build: {
    target: 'es2022',
    // A font or image turned into a data: URL would be refused by the page's content policy.
    assetsInlineLimit: 0,
    // The preload helper's polyfill is an inline script, which the content policy refuses as well.
    modulePreload: { polyfill: false },
  },
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], environment: 'node' },
});
