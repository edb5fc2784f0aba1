// A conversation, however long: only what is near the window is in the document. It stays at its end while one is
// there, stays where one reads while older messages come in above, and says to a screen reader what arrives.
import { ArrowDown } from 'lucide-react';
import {
  type ReactNode,
  useCallback,
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from 'react';
import { Virtualizer } from 'virtua';
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import styles from './Chat.module.css';
import { MessageRow, type RowActions } from './MessageRow';
import type { Row } from './rows';

const words = text.chat;
/** Older ones are fetched before one has come to the first. */
const older_px = 1_200;
const atEnd_px = 48;

interface MessageListProps {
  /** What they belong to: another conversation begins at its end again. */
  rows: readonly Row[];
  /** Names stand above what others say. */
  isNamed: boolean;
  actions: RowActions;
  /** What arrives from now on is news; before, it is history. */
  isLive: boolean;
  isFetching?: boolean;
  /** Stands where there is nothing yet. */
  empty?: ReactNode;
  /** Stands above the first message of all. */
  beginning?: ReactNode;
  /** Stands below the last. */
  end?: ReactNode;
  onOlder?(): void;
  /** The newest is in sight. */
  onAtEnd?(isAtEnd: boolean): void;
}

export function MessageList(props: MessageListProps) {
  const { isNamed, actions, empty, beginning, end, onOlder, onAtEnd } = props;
  const { rows, isShift } = useShift(props.rows);
  const { scroller, inner, isAtEnd, isAbove, toEnd } = useEnd(rows, onOlder, onAtEnd);
  const [openKey, setOpenKey] = useState<string>();
  const lastOfMine = useMemo(() => rows.findLast(({ whose }) => whose === 'mine')?.key, [rows]);
  return (
    <div className={styles.frame} data-part="lines">
      {props.isFetching && (
        <p className={styles.fetching} role="status">
          {words.fetching}
        </p>
      )}
      <div
        ref={scroller}
        className={styles.lines}
        role="log"
        // What arrives is said below: rows that come and go as one scrolls are no news.
        aria-live="off"
        aria-label={words.conversation}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard.
        tabIndex={0}
      >
        <div ref={inner} className={styles.inner}>
          {rows.length === 0 && empty}
          <Virtualizer scrollRef={scroller} shift={isShift} bufferSize={400} data={rows}>
            {(row, index) => (
              <MessageRow
                key={row.key}
                row={row}
                isNamed={isNamed}
                isLastOfMine={row.key === lastOfMine}
                isOpen={row.key === openKey}
                onOpen={setOpenKey}
                actions={actions}
                above={index === 0 ? beginning : undefined}
              />
            )}
          </Virtualizer>
          {end}
        </div>
      </div>
      {!isAtEnd && rows.length > 0 && <ToNewest isAbove={isAbove} onPress={toEnd} />}
      <Arrivals rows={rows} isLive={props.isLive} />
    </div>
  );
}

function ToNewest({ isAbove, onPress }: { isAbove: number; onPress(): void }) {
  return (
    <Button className={styles.toNewest} icon={<ArrowDown />} onClick={onPress}>
      {isAbove > 0 ? words.newBelow(isAbove) : words.toNewest}
    </Button>
  );
}

/** Says what somebody else has just said. */
function Arrivals({ rows, isLive }: { rows: readonly Row[]; isLive: boolean }) {
  const [arrived, setArrived] = useState<Row>();
  const last = rows.at(-1);
  const known = useRef<string>(undefined);
  useEffect(() => {
    const isNews = isLive && known.current !== undefined && known.current !== last?.key;
    known.current = isLive ? (last?.key ?? '') : undefined;
    if (isNews && last?.whose === 'theirs') setArrived(last);
  }, [last, isLive]);
  return (
    <p className="unseen" role="status">
      {arrived?.text !== undefined && (
        <span key={arrived.key}>{words.announce(arrived.name ?? '', arrived.text)}</span>
      )}
    </p>
  );
}

/**
 * `isShift` is true for the one rendering in which older rows have come in above. Where others have come in below with
 * them those are left for a rendering of their own: what the list grows by must all have come in at one end.
 */
function useShift(all: readonly Row[]): { rows: readonly Row[]; isShift: boolean } {
  const before = useRef(all);
  const [, renderAgain] = useState<readonly Row[]>();
  const [first, last] = [before.current[0]?.key, before.current.at(-1)?.key];
  const isShift =
    first !== undefined && first !== all[0]?.key && all.length > before.current.length;
  const end = isShift ? all.findLastIndex(({ key }) => key === last) + 1 : 0;
  const rows = end > 0 && end < all.length ? all.slice(0, end) : all;
  useLayoutEffect(() => {
    before.current = rows;
    if (rows !== all) renderAgain(rows);
  }, [rows, all]);
  return { rows, isShift };
}

function useEnd(
  rows: readonly Row[],
  onOlder: (() => void) | undefined,
  onAtEnd: ((isAtEnd: boolean) => void) | undefined,
) {
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const stays = useRef(true);
  const [isAtEnd, setAtEnd] = useState(true);
  const seenAt = useRef<string>(undefined);
  const callbacks = useRef({ onOlder, onAtEnd });
  callbacks.current = { onOlder, onAtEnd };
  const last = rows.at(-1);

  const toEnd = useCallback(() => {
    const element = scroller.current;
    if (!element) return;
    stays.current = true;
    element.scrollTo({ top: element.scrollHeight, behavior: 'instant' });
  }, []);

  useEffect(() => {
    const element = scroller.current;
    const content = inner.current;
    if (!element || !content) return;
    let [top, height] = [element.scrollTop, element.scrollHeight];
    const below_px = () => element.scrollHeight - element.scrollTop - element.clientHeight;
    const settle = () => {
      if (stays.current) toEnd();
      [top, height] = [element.scrollTop, element.scrollHeight];
      if (top < older_px) callbacks.current.onOlder?.();
    };
    const onScroll = () => {
      // Only a reader moves what has not grown: a list that is measured anew moves by itself.
      const isByReader = element.scrollHeight === height;
      if (isByReader) stays.current = element.scrollTop >= top && below_px() < atEnd_px;
      setAtEnd(stays.current || below_px() < atEnd_px);
      if (!isByReader) return settle();
      top = element.scrollTop;
      if (top < older_px) callbacks.current.onOlder?.();
    };
    const onScrollEnd = () => {
      if (below_px() < atEnd_px) stays.current = true;
    };
    // Rows are measured when they are shown, a state comes under a line, a keyboard takes half the window.
    const sizes = new ResizeObserver(settle);
    sizes.observe(element);
    sizes.observe(content);
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('scrollend', onScrollEnd, { passive: true });
    return () => {
      sizes.disconnect();
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('scrollend', onScrollEnd);
    };
  }, [toEnd]);

  // Who has just written wants to see it; others see it if they were at the end.
  const lastKey = last?.key;
  const isOwnNew = last?.whose === 'mine' && last.state !== 'kept';
  useLayoutEffect(() => {
    if (lastKey !== undefined && (stays.current || isOwnNew)) toEnd();
  }, [lastKey, isOwnNew, toEnd]);

  useEffect(() => {
    if (isAtEnd) seenAt.current = lastKey;
    callbacks.current.onAtEnd?.(isAtEnd);
  }, [isAtEnd, lastKey]);

  return { scroller, inner, isAtEnd, isAbove: countAfter(rows, seenAt.current), toEnd };
}

/** How many of others stand after the last that was seen; zero where that is not known. */
function countAfter(rows: readonly Row[], key: string | undefined): number {
  if (key === undefined) return 0;
  const at = rows.findLastIndex((row) => row.key === key);
  return at < 0 ? 0 : rows.slice(at + 1).filter(({ whose }) => whose === 'theirs').length;
}
