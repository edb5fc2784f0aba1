// One message: who said it and when, what was said as plain text with its links, and what one can do with one's own.
// Nothing that anybody wrote is ever made into markup.
import { Check, Clock3, Ellipsis, Pencil, RotateCcw, Trash2 } from 'lucide-react';
import { memo, type ReactNode } from 'react';
import { text } from '../../lib/text';
import { day, time } from '../../lib/text/plural';
import { Button } from '../../ui/Button';
import { Avatar } from './Avatar';
import styles from './Chat.module.css';
import { piecesOf } from './links';
import type { Row } from './rows';

const words = text.chat;

export interface RowActions {
  /** By the row's key, of what was not sent. */
  onRetry?: ((row: Row) => void) | undefined;
  onLetGo?: ((row: Row) => void) | undefined;
  onEdit?: ((row: Row) => void) | undefined;
  onRemove?: ((row: Row) => void) | undefined;
}

interface MessageRowProps {
  row: Row;
  isNamed: boolean;
  isLastOfMine: boolean;
  /** What can be done with it is shown. */
  isOpen: boolean;
  onOpen(key: string | undefined): void;
  actions: RowActions;
  above?: ReactNode;
}

export const MessageRow = memo(function MessageRow(props: MessageRowProps) {
  const { row, isNamed, isOpen, actions } = props;
  const isMine = row.whose === 'mine';
  const canChange =
    isMine && row.state === 'kept' && row.text !== undefined && actions.onEdit !== undefined;
  return (
    <div className={styles.row} data-line={row.key} data-whose={row.whose} data-first={row.isFirst}>
      {props.above}
      {row.isNewDay && row.at !== undefined && (
        <p className={styles.day}>
          <span>{day(row.at, Date.now())}</span>
        </p>
      )}
      {row.isNew && (
        <p className={styles.newBegins}>
          <span>{words.newBegins}</span>
        </p>
      )}
      {isNamed && row.isFirst && <Head row={row} />}
      <div className={styles.said}>
        {canChange && <More {...props} />}
        <Said row={row} />
      </div>
      {isOpen && canChange && <Menu row={row} actions={actions} onOpen={props.onOpen} />}
      {isMine && (row.state !== 'kept' || props.isLastOfMine) && row.text !== undefined && (
        <State row={row} actions={actions} />
      )}
    </div>
  );
});

function Head({ row }: { row: Row }) {
  const name = row.name || text.channels.someone;
  return (
    <div className={styles.head}>
      {row.whose === 'theirs' && (
        <>
          <Avatar name={name} seed={row.userId ?? ''} />
          <span className={styles.name} dir="auto">
            {name}
          </span>
        </>
      )}
      {row.at !== undefined && (
        <time dateTime={new Date(row.at).toISOString()}>{time(row.at)}</time>
      )}
    </div>
  );
}

function Said({ row }: { row: Row }) {
  const who = row.whose === 'mine' ? text.call.you : row.name || text.channels.someone;
  if (row.text === undefined) {
    return (
      <p className={`${styles.line} ${styles.removed}`}>
        <span className="unseen">{who}: </span>
        {words.removed}
      </p>
    );
  }
  return (
    <p className={`${styles.line} ${styles[row.whose]}`} data-state={row.state}>
      <span className="unseen">{who}: </span>
      <span dir="auto">
        {piecesOf(row.text).map((piece, at) =>
          piece.href === undefined ? (
            piece.text
          ) : (
            <a key={at} href={piece.href} target="_blank" rel="noopener noreferrer nofollow">
              {piece.text}
            </a>
          ),
        )}
      </span>
      {row.isEdited && <span className={styles.edited}> {words.edited}</span>}
    </p>
  );
}

function More({ row, isOpen, onOpen }: MessageRowProps) {
  return (
    <button
      type="button"
      className={styles.more}
      aria-expanded={isOpen}
      aria-label={words.moreOf((row.text ?? '').slice(0, 40))}
      title={words.more}
      onClick={() => onOpen(isOpen ? undefined : row.key)}
    >
      <Ellipsis aria-hidden="true" />
    </button>
  );
}

interface MenuProps {
  row: Row;
  actions: RowActions;
  onOpen(key: string | undefined): void;
}

function Menu({ row, actions, onOpen }: MenuProps) {
  const act = (action: ((row: Row) => void) | undefined) => {
    onOpen(undefined);
    action?.(row);
  };
  return (
    <div className={styles.menu}>
      <Button icon={<Pencil />} onClick={() => act(actions.onEdit)}>
        {words.edit}
      </Button>
      <Button tone="leave" icon={<Trash2 />} onClick={() => act(actions.onRemove)}>
        {words.remove}
      </Button>
    </div>
  );
}

function State({ row, actions }: { row: Row; actions: RowActions }) {
  const { state, problem } = row;
  const why = state === 'waiting' ? words.rowDelay : words.rowProblem;
  const said = (problem !== undefined && why(problem)) || words.state[state];
  return (
    <p className={styles.state} data-part="state" data-state={state}>
      {state === 'kept' ? <Check aria-hidden="true" /> : <Clock3 aria-hidden="true" />}
      {said}
      {state === 'failed' && actions.onRetry && (
        <button type="button" onClick={() => actions.onRetry?.(row)}>
          <RotateCcw aria-hidden="true" />
          {words.retry}
        </button>
      )}
      {state === 'failed' && actions.onLetGo && (
        <button
          type="button"
          aria-label={words.letGoText((row.text ?? '').slice(0, 40))}
          onClick={() => actions.onLetGo?.(row)}
        >
          <Trash2 aria-hidden="true" />
          {words.letGo}
        </button>
      )}
    </p>
  );
}
