from django.db import migrations, models


class Migration(migrations.Migration):
    operations = [
        migrations.AddField(
            model_name="book",
            name="pages",
            field=models.IntegerField(default=0),
            preserve_default=False,
        ),
        migrations.AddField(model_name="book", name="blurb", field=models.TextField(null=True)),
        migrations.AlterField(model_name="book", name="title", field=models.CharField(max_length=200, help_text="as printed")),
        migrations.AlterField(model_name="book", name="isbn", field=models.CharField(max_length=13)),
        migrations.RenameField(model_name="book", old_name="title", new_name="name"),
        migrations.RunSQL("DROP TABLE old_books"),
    ]
