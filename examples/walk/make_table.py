"""Makes churn.csv: customers of nobody, the same ones each time."""

import csv
import datetime
import random

chance = random.Random(2026)
GOOD = "great fast helpful support love easy report mobile desk export".split()
BAD = "wrong invoice slow crash login twice cancel waiting broken refund".split()


def row(number):
    age, plan = chance.randint(18, 79), chance.choices(["basic", "pro", "team"], [5, 3, 1])[0]
    income = round(chance.lognormvariate(10, 0.4), 2)
    newsletter = chance.random() < 0.4
    since = datetime.date(2021, 1, 1) + datetime.timedelta(days=chance.randrange(1800))
    is_upset = chance.random() < 0.35
    note = " ".join(chance.choices(BAD if is_upset else GOOD, k=chance.randint(3, 6)))
    leans = 1.6 * is_upset + 0.9 * (plan == "basic") - 0.8 * newsletter + 0.02 * (45 - age) - 0.9
    churn = leans + chance.gauss(0, 0.6) > 0

    def gap(value, share, nothing=""):
        return nothing if chance.random() < share else value

    return [
        f"c{number:04d}",
        gap(age, 0.08),
        gap(income, 0.05, "?"),
        gap(plan, 0.03),
        "yes" if newsletter else "no",
        gap(since.strftime("%d.%m.%Y"), 0.02, "NA"),
        gap(note, 0.05),
        gap("left" if churn else "stayed", 0.02),
    ]


with open("churn.csv", "w", newline="", encoding="utf-8") as file:
    table = csv.writer(file, lineterminator="\n")
    table.writerow("customer,age,income,plan,newsletter,since,note,churn".split(","))
    table.writerows(row(number) for number in range(400))
