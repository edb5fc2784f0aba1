// Starts the page.
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app/routes';
import { startTheme } from './app/theme';
import { fetchSite } from './features/site/site';
import './styles/tokens.css';
import './styles/base.css';

startTheme();
void fetchSite();

const root = document.getElementById('root');
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );
}
