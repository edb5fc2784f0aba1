// Which page stands at which address. Studio, Call and Channels bring much along, so they are fetched
// when they are wanted.
import { lazy } from 'react';
import { BrowserRouter, Route, Routes } from 'react-router';
import { HomePage } from '../features/home/HomePage';
import { NotFoundPage } from '../features/site/NotFoundPage';
import { RulesPage } from '../features/site/RulesPage';
import { Shell } from './Shell';

const StudioPage = lazy(() => import('../features/studio/StudioPage'));
const ChannelsPage = lazy(() => import('../features/channels/ChannelsPage'));
const OwnPage = lazy(() => import('../features/own/OwnPage'));
const CallPage = lazy(() => import('../features/call/CallPage'));

export function App() {
  return (
    <BrowserRouter>
      <Routes>
        <Route element={<Shell />}>
          <Route index element={<HomePage />} />
          <Route path="studio" element={<StudioPage />} />
          <Route path="call" element={<CallPage />} />
          <Route path="channels/:roomId?" element={<ChannelsPage />} />
          <Route path="your-data" element={<OwnPage />} />
          <Route path="rules" element={<RulesPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Route>
      </Routes>
    </BrowserRouter>
  );
}
