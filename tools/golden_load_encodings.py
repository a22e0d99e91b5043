"""Writes texts in the encodings of their languages, and in UTF-8: tests/golden/knowledge_load/encodings."""

import pathlib

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/knowledge_load/encodings"
TEXTS = {
    "russian": ("Мы открыли окно, и в комнату вошёл свежий воздух. На столе лежала старая книга о северных морях.\n"
                "Капитан говорил тихо, но все его слышали.\n", {"koi8r": "koi8-r", "cp1251": "cp1251"}),
    "japanese": ("窓を開けると、新しい風が部屋に入ってきた。机の上には北の海についての古い本があった。\n"
                 "船長は静かに話したが、みんなに聞こえていた。\n", {"sjis": "shift_jis", "eucjp": "euc_jp"}),
    "chinese": ("我們打開窗戶，新鮮的空氣進入房間。桌上放著一本關於北方海洋的舊書。\n"
                "船長說話很輕，但大家都聽得見他的聲音。\n", {"big5": "big5", "gb18030": "gb18030"}),
    "korean": ("우리가 창문을 열자 신선한 공기가 방으로 들어왔다. 책상 위에는 북쪽 바다에 관한 낡은 책이 있었다.\n"
               "선장은 조용히 말했지만 모두가 그의 말을 들었다.\n", {"euckr": "euc_kr"}),
    "greek": ("Ανοίξαμε το παράθυρο και ο φρέσκος αέρας μπήκε στο δωμάτιο. Στο τραπέζι υπήρχε ένα παλιό βιβλίο.\n"
              "Ο καπετάνιος μιλούσε σιγά, αλλά όλοι τον άκουγαν.\n", {"iso8859_7": "iso8859-7"}),
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for language, (text, encodings) in TEXTS.items():
        (FOLDER / f"{language}_utf8.txt").write_bytes(text.encode())
        for name, encoding in encodings.items():
            (FOLDER / f"{language}_{name}.txt").write_bytes(text.encode(encoding))


if __name__ == "__main__":
    main()
