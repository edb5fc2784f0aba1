// Says what goes and what stays, and asks once.
import { text } from '../../lib/text';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import styles from './OwnPage.module.css';

const words = text.own;

interface EraseDialogProps {
  isOpen: boolean;
  onYes(): void;
  onClose(): void;
}

export function EraseDialog({ isOpen, onYes, onClose }: EraseDialogProps) {
  return (
    <Dialog title={words.confirmTitle} isOpen={isOpen} onClose={onClose}>
      <div className={styles.consequences}>
        <Consequence title={words.goes} items={words.goesItems} />
        <Consequence title={words.stays} items={words.staysItems} />
      </div>
      <div className={styles.buttons}>
        <Button
          tone="leave"
          onClick={() => {
            onYes();
            onClose();
          }}
        >
          {words.confirmYes}
        </Button>
        <Button onClick={onClose}>{words.confirmNo}</Button>
      </div>
    </Dialog>
  );
}

function Consequence({ title, items }: { title: string; items: readonly string[] }) {
  return (
    <section>
      <h3>{title}</h3>
      <ul>
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </section>
  );
}
