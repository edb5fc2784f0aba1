// The channels: the list on one side and one of them on the other, or on a phone one after the other. Begins the link
// when it is opened, and ends it when the visitor goes elsewhere.
import { useEffect, useLayoutEffect, useState } from 'react';
import { useLocation, useNavigate, useParams } from 'react-router';
import { useStoreByFrame } from '../../lib/store';
import { text } from '../../lib/text';
import { serverUrl } from '../../signaling/socket';
import { useTitle } from '../site/useTitle';
import { ChannelList } from './ChannelList';
import styles from './Channels.module.css';
import { Discover } from './Discover';
import { ChannelHub } from './hub';
import { invitationIn } from './invitation';
import { JoinCard } from './JoinCard';
import { keepInvitation, readInvitation } from './kept';
import { LinkLine } from './LinkLine';
import { NewChannel } from './NewChannel';
import { RoomView } from './RoomView';

const words = text.channels;

export default function ChannelsPage() {
  const { roomId } = useParams();
  useInvitation(roomId);
  const [hub, setHub] = useState<ChannelHub>();
  useEffect(() => {
    const begun = new ChannelHub(serverUrl(window.location));
    begun.start();
    setHub(begun);
    return () => begun.end();
  }, []);
  return hub ? <Channels hub={hub} roomId={roomId} /> : null;
}

function Channels({ hub, roomId }: { hub: ChannelHub; roomId: string | undefined }) {
  const [isMaking, setMaking] = useState(false);
  return (
    <div className={styles.page} data-place={roomId === undefined ? 'list' : 'room'}>
      <aside className={styles.side} aria-label={words.yours}>
        <ChannelList hub={hub} onMake={() => setMaking(true)} />
      </aside>
      <section className={styles.main}>
        <LinkLine hub={hub} />
        {roomId === undefined ? (
          <Nowhere hub={hub} onMake={() => setMaking(true)} />
        ) : (
          <Place key={roomId} hub={hub} roomId={roomId} />
        )}
      </section>
      <NewChannel hub={hub} isOpen={isMaking} onClose={() => setMaking(false)} />
    </div>
  );
}

function Nowhere({ hub, onMake }: { hub: ChannelHub; onMake(): void }) {
  useTitle(words.title);
  return <Discover hub={hub} onMake={onMake} />;
}

/** A channel that one is in, or the way into it. */
function Place({ hub, roomId }: { hub: ChannelHub; roomId: string }) {
  const { channels, isKnown, trouble } = useStoreByFrame(hub.list);
  const channel = channels.find(({ id }) => id === roomId);
  if (channel) return <RoomView hub={hub} channel={channel} />;
  if (!isKnown && trouble === undefined) return <p className={styles.loading}>{words.loading}</p>;
  return <JoinCard hub={hub} roomId={roomId} invite={readInvitation(roomId)} />;
}

/** Takes the secret of an invitation out of the address, where it might be seen or handed on by mistake. */
function useInvitation(roomId: string | undefined): void {
  const { hash, pathname } = useLocation();
  const navigate = useNavigate();
  useLayoutEffect(() => {
    const secret = invitationIn(hash);
    if (roomId === undefined || secret === undefined) return;
    keepInvitation(roomId, secret);
    navigate(pathname, { replace: true });
  }, [hash, pathname, roomId, navigate]);
}
